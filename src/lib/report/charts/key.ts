import {type Markup, markup} from '../../charts/index.js';

/** An entry of a legend, for a list: what it looks like (24 by 10 pixels) and what it is. */
export function key(look: Markup, text: string): Markup {
  return markup`<li><svg class="swatch" viewBox="0 0 24 10" aria-hidden="true">${look}</svg> ${text}</li>`;
}
