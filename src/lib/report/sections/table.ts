import {type Markup, markup, type MarkupPart} from '../../charts/index.js';

export interface Column {
  readonly title: string;
  /** Numbers stand right. */
  readonly isNumber?: boolean;
  /** Sentences, which may be broken into lines. */
  readonly isText?: boolean;
}

/** A table of its own width: where the page is narrower, the table alone is moved sideways. Its first column names the row. */
export function renderTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly MarkupPart[])[],
): Markup {
  const head = columns.map((column) => markup`<th scope="col"${classOf(column)}>${column.title}</th>`);
  const body = rows.map((cells) => {
    const told = cells.map((cell, index) =>
      index === 0 ? markup`<th scope="row">${cell}</th>` : markup`<td${classOf(columns[index])}>${cell}</td>`,
    );
    return markup`<tr>${told}</tr>\n`;
  });
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption><span>${caption}</span></caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody></table></div>`;
}

function classOf(column: Column | undefined): Markup {
  if (column?.isNumber === true) return markup` class="number"`;
  return column?.isText === true ? markup` class="sentence"` : markup``;
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
