import {type Markup, markup, ownMarkup, visibleText} from '../charts/index.js';

/** Data for the script of the page; no character of it can end the element. */
export function dataBlock(id: string, data: unknown): Markup {
  const json = JSON.stringify(data, (_, value: unknown) =>
    typeof value === 'string' ? visibleText(value) : value,
  );
  return markup`<script type="application/json" id="${id}">${ownMarkup(json.replaceAll('<', '\\u003c'))}</script>`;
}
