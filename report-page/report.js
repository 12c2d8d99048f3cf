// Searches and sorts the table of volumes. Without it the first rows are there as they are.
(() => {
  /**
   * As the report writes it (volume-rows.ts): name, days to full, at the earliest, growth a day, at least, at most, used, size (bytes), course.
   * @typedef {[string, number | null, number | null, number | null, number | null, number | null, number | null, number | null, string]} Row
   */
  const SVG = 'http://www.w3.org/2000/svg';
  const DAYS = [1, 2];
  const GROWTH = [3, 4, 5];
  const COURSE = 8;

  /** @param {string} id */
  const byId = (id) => document.getElementById(id);
  const table = byId('volumes-table');
  const data = byId('volume-rows');
  const search = byId('volume-search');
  const count = byId('volume-count');
  const before = byId('volume-before');
  const next = byId('volume-next');
  const body = table?.querySelector('tbody');
  if (
    !(search instanceof HTMLInputElement) ||
    !(before instanceof HTMLButtonElement) ||
    !(next instanceof HTMLButtonElement) ||
    !table ||
    !body ||
    !data ||
    !count
  ) {
    return;
  }

  /** @type {{parse: (text: string) => Row[]}} */
  const {parse} = JSON;
  const rows = parse(data.textContent);
  const pageRows = Number(table.dataset.pageRows);
  const heads = [...table.querySelectorAll('thead th')];
  let shown = rows;
  let page = 0;
  /** @type {{column: number, falls: boolean} | undefined} */
  let order;

  /** @param {number} bytes */
  const formatBytes = (bytes) => {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
    let size = Math.abs(bytes);
    let unit = 0;
    while (size >= 1023.5 && unit < units.length - 1) {
      size /= 1024;
      unit += 1;
    }
    const digits = unit === 0 || size >= 100 ? 0 : size < 10 ? 2 : 1;
    return `${bytes < 0 ? '-' : ''}${size.toFixed(digits)} ${units[unit]}`;
  };

  /**
   * @param {Row} row
   * @param {number} column
   */
  const textOf = (row, column) => {
    const value = row[column] ?? null;
    if (value === null) return '-';
    if (typeof value === 'string') return value;
    if (DAYS.includes(column)) return String(value);
    return `${GROWTH.includes(column) && value > 0 ? '+' : ''}${formatBytes(value)}`;
  };

  /** @param {string} course */
  const drawSpark = (course) => {
    let path = '';
    let isDrawing = false;
    Array.from(course).forEach((letter, index) => {
      if (letter === '-') {
        isDrawing = false;
        return;
      }
      const x = Math.round(100 * (1 + (index / Math.max(1, course.length - 1)) * 70)) / 100;
      const y = Math.round(100 * (14 - (parseInt(letter, 36) / 35) * 12)) / 100;
      path += isDrawing ? `L${x} ${y}` : `M${x} ${y}h0.01`;
      isDrawing = true;
    });
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'spark');
    svg.setAttribute('viewBox', '0 0 72 16');
    svg.setAttribute('aria-hidden', 'true');
    const line = svg.appendChild(document.createElementNS(SVG, 'path'));
    line.setAttribute('d', path);
    return svg;
  };

  /** @param {Row} row */
  const drawRow = (row) => {
    const line = document.createElement('tr');
    const name = line.appendChild(document.createElement('th'));
    name.scope = 'row';
    name.textContent = row[0];
    for (let column = 1; column < COURSE; column += 1) {
      const cell = line.appendChild(document.createElement('td'));
      cell.className = 'number';
      cell.textContent = textOf(row, column);
    }
    line.appendChild(document.createElement('td')).append(drawSpark(row[COURSE]));
    return line;
  };

  const draw = () => {
    const from = page * pageRows;
    const to = Math.min(from + pageRows, shown.length);
    body.replaceChildren(...shown.slice(from, to).map(drawRow));
    before.disabled = page === 0;
    next.disabled = to >= shown.length;
    const found = shown.length === rows.length ? '' : ` found, of ${rows.length}`;
    count.textContent =
      shown.length === 0 ? `No volumes${found}` : `${from + 1} to ${to} of ${shown.length} volumes${found}`;
  };

  /** What is unknown comes last, whichever way. */
  const arrange = () => {
    const words = search.value.toLowerCase();
    shown = rows.filter(([name]) => name.toLowerCase().includes(words));
    if (order) {
      const {column, falls} = order;
      const sign = falls ? -1 : 1;
      shown = shown.toSorted((left, right) => {
        const [one, other] = [left[column] ?? null, right[column] ?? null];
        if (one === other) return 0;
        if (one === null) return 1;
        if (other === null) return -1;
        return one < other ? -sign : sign;
      });
    }
    page = 0;
    draw();
  };

  /** @param {number} column */
  const sortBy = (column) => {
    order = {column, falls: order?.column === column ? !order.falls : GROWTH.includes(column)};
    const told = order.falls ? 'descending' : 'ascending';
    heads.forEach((head, index) => {
      if (index === column) head.setAttribute('aria-sort', told);
      else head.removeAttribute('aria-sort');
    });
    arrange();
  };

  heads.slice(0, COURSE).forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.addEventListener('click', () => {
      sortBy(column);
    });
    head.replaceChildren(button);
  });
  search.addEventListener('input', arrange);
  before.addEventListener('click', () => {
    page -= 1;
    draw();
  });
  next.addEventListener('click', () => {
    page += 1;
    draw();
  });
  byId('volume-tools')?.removeAttribute('hidden');
  draw();
})();
