import type {ConfigReport} from '../lib/configuration/index.js';
import type {InitConfigResult} from '../lib/workflows/init-config.js';
import {printable, renderTable} from './table.js';

/** What `init` found and wrote, and what comes next. */
export async function renderInit({out, traces, topology, isStoreThere}: InitConfigResult): Promise<string> {
  const rows = traces.map(({files, format, count}) => [files, format, String(count)]);
  const found =
    rows.length === 0
      ? 'no traces or usage samples were found\n'
      : `${await renderTable([{title: 'traces'}, {title: 'format'}, {title: 'files', align: 'right'}], rows)}\n`;
  const cluster = topology === undefined ? 'no topology was found' : `topology: ${printable(topology)}`;
  const next = isStoreThere || rows.length > 0 ? 'foreshadow nightly' : 'foreshadow ingest --help';
  return `${found}${cluster}\nwritten: ${printable(out ?? '')}\n\nnext: read it, then ${next}`;
}

/** Settings by command, with where they come from. */
export async function renderConfig({file, settings, sources}: ConfigReport): Promise<string> {
  const head =
    file === undefined ? 'no foreshadow.yaml here (foreshadow init writes one)' : `from ${printable(file)}`;
  const rows = settings.map(({command, flag, values, from}) => [command, flag, values.join(', '), from]);
  const table =
    rows.length === 0
      ? 'nothing is set'
      : await renderTable(
          [
            {title: 'command', isWhole: true},
            {title: 'flag', isWhole: true},
            {title: 'value'},
            {title: 'from'},
          ],
          rows,
        );
  const ingested = sources.map(({files}) => `\nsource: ${files.map(printable).join(', ')}`).join('');
  return `${head}\n\n${table}${ingested}`;
}
