import {type Markup, markup, type MarkupPart} from '../../charts/index.js';

export interface Column {
  readonly title: string;
  /** Numbers stand right. */
  readonly isNumber?: boolean;
}

/** A table of its own width: where the page is narrower, the table alone is moved sideways. Its first column names the row. */
export function renderTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly MarkupPart[])[],
): Markup {
  const head = columns.map(({title, isNumber}) => markup`<th scope="col"${classOf(isNumber)}>${title}</th>`);
  const body = rows.map((cells) => {
    const told = cells.map((cell, index) =>
      index === 0
        ? markup`<th scope="row">${cell}</th>`
        : markup`<td${classOf(columns[index]?.isNumber)}>${cell}</td>`,
    );
    return markup`<tr>${told}</tr>\n`;
  });
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody></table></div>`;
}

function classOf(isNumber: boolean | undefined): Markup {
  return isNumber === true ? markup` class="number"` : markup``;
}

/** The first `most` rows, and a sentence about the rest. */
export function firstOf<T>(
  rows: readonly T[],
  most: number,
  where: string,
): {readonly shown: readonly T[]; readonly more: Markup} {
  const hidden = rows.length - most;
  return {
    shown: rows.slice(0, most),
    more: hidden > 0 ? markup`<p class="note">And ${hidden} more: ${where}.</p>` : markup``,
  };
}
