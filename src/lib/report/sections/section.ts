import {type Markup, markup} from '../../charts/index.js';

/** A part of the page. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Markup;
}

/** What stands for a part that nothing was given for. */
export function absent(what: string, command: string): Markup {
  return markup`<p class="absent">Not in this report: ${what}. This makes it: <code>${command}</code></p>`;
}
