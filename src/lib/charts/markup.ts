const MARKUP = Symbol('markup');

/** Markup that only this file can make: whatever came from outside is in it as text. */
export interface Markup {
  readonly [MARKUP]: string;
}

/** What may stand within markup: text and numbers are escaped, nothing is told of undefined. */
export type MarkupPart = string | number | undefined | Markup | readonly Markup[];

/**
 * Tagged template for HTML and SVG: what is put in is escaped, for text and for attribute values in double quotes alike,
 * unless it is markup itself. Not for what stands in `<script>` or `<style>`, where nothing is unescaped.
 */
export function markup(fixed: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  const text = fixed.map((piece, index) => piece + textOf(parts[index]));
  return {[MARKUP]: text.join('')};
}

/** Markup of text that this program has written itself, such as the style sheet of a page. */
export function ownMarkup(text: string): Markup {
  return {[MARKUP]: text};
}

/** The text of markup, to be written. */
export function markupText(made: Markup): string {
  return made[MARKUP];
}

/**
 * Text as people can see it: control characters, those that turn the direction of writing, and what no XML may hold
 * become a box, so that a name cannot pass for another.
 */
export function visibleText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\uFFFE\uFFFF]/gu, '\uFFFD');
}

function textOf(part: MarkupPart): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return MARKUP in part ? part[MARKUP] : part.map(markupText).join('');
}

function escaped(text: string): string {
  return visibleText(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
