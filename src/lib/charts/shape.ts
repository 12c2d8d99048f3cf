import {type Markup, markup, type MarkupPart, ownMarkup} from './markup.js';

/** Attributes by name, in the order to write them; one that is undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element; numbers are rounded to a hundredth of a pixel. */
export function shape(name: string, attributes: Attributes, content: MarkupPart = ''): Markup {
  const told = Object.entries(attributes).map(([key, value]) =>
    value === undefined
      ? markup``
      : markup` ${ownMarkup(key)}="${typeof value === 'number' ? round(value) : value}"`,
  );
  const tag = ownMarkup(name);
  return content === '' ? markup`<${tag}${told}/>` : markup`<${tag}${told}>${content}</${tag}>`;
}

/**
 * The `d` of a path through values; it moves over what is unknown, and a value that stands alone is a dot.
 */
export function pathThrough(
  values: readonly (number | null)[],
  xAt: (index: number) => number,
  yAt: (value: number) => number,
): string {
  return values
    .map((value, index) => {
      if (value === null) return '';
      const point = `${round(xAt(index))} ${round(yAt(value))}`;
      return (values[index - 1] ?? null) === null ? `M${point}h0.01` : `L${point}`;
    })
    .join('');
}

/** To a hundredth. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
