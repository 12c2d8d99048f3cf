/** Files of one kind that `ingest` can read. */
export interface FoundTraces {
  /** A path, or one with `*`. */
  readonly files: string;
  readonly format: string;
  /** Whether its times are relative, so that somebody must say when they began. */
  readonly isRelative: boolean;
  /** Files that it stands for. */
  readonly count: number;
}

/** What `init` found in a folder. */
export interface FoundData {
  readonly traces: readonly FoundTraces[];
  readonly topology: string | undefined;
  readonly storePath: string;
  readonly isStoreThere: boolean;
}

/** A commented foreshadow.yaml for what was found; `schemaPath` is the JSON Schema that editors complete by. */
export async function configText(found: FoundData, schemaPath: string): Promise<string> {
  const {stringify} = await import('yaml');
  const scalar: Quote = (text) => stringify(text, {lineWidth: 0}).trimEnd();
  return [
    `# yaml-language-server: $schema=${schemaPath}`,
    '#',
    '# Flags of foreshadow: those at the top hold for every command that has them, those of a section for that command.',
    '# The command line comes first, then FORESHADOW_* of the environment, then this file, then the default.',
    '# "foreshadow config show --resolved plan" says what holds and where it comes from. Passwords do not belong here.',
    '',
    '# Where the shadow store is: a folder, or clickhouse://SERVER/DATABASE.',
    `store: ${scalar(found.storePath)}${found.isStoreThere ? '   # is there' : ''}`,
    '',
    '# Hosts, risk boundaries and volumes: a YAML file or a folder of CSV tables.',
    ...topologyLines(found.topology, scalar),
    '',
    '# The storage API that holds the buffers: plan, the gate of nightly, and apply.',
    '# target: file:buffers.json',
    '',
    '# What "foreshadow nightly" ingests: paths, in which * and ** stand for any, and flags of "foreshadow ingest".',
    ...sourceLines(found.traces, scalar),
    '',
    ...SECTIONS,
  ].join('\n');
}

const SECTIONS = [
  '# How far ahead, and with what. "foreshadow evaluate" ranks the models on your data.',
  'train:',
  '  model: ets',
  '  # horizon: 7d',
  '  # granularity: daily',
  '',
  '# How sure the buffer is to be enough, and for how long it must last: lead + review + repair time.',
  'plan:',
  '  level: 0.99',
  '  # level: 0.99,rack=0.999     # by kind of boundary',
  '  # lead: 14d                  # until new hardware is there',
  '  # review: 7d                 # until the next plan',
  '',
  '# Every night, in this order: ingest, patterns, monitor, train when due, forecast, plan, gate, report.',
  'nightly:',
  '  out: nightly               # where its results go',
  '  retrain-after: 7d          # and before, when monitor says so',
  '  # challenger: arima        # forecasts beside the champion, and replaces it when it is better',
  '',
];

/** A text as YAML: quoted where it would be read as something else. */
type Quote = (text: string) => string;

function topologyLines(topology: string | undefined, scalar: Quote): readonly string[] {
  return topology === undefined
    ? [
        '# None was found: "foreshadow topology import --help", or write one (docs/topology.md).',
        '# topology: cluster.yaml',
      ]
    : [`topology: ${scalar(topology)}`];
}

function sourceLines(traces: readonly FoundTraces[], scalar: Quote): readonly string[] {
  if (traces.length === 0)
    return ['# No traces or usage samples were found.', '# sources:', '#   - files: traces/*.csv'];
  return [
    'sources:',
    ...traces.flatMap(({files, format, isRelative, count}) => [
      `  - files: ${scalar(files)}${count > 1 ? `   # ${count} files` : ''}`,
      `    format: ${format}`,
      ...(isRelative
        ? ['    # its times are relative: when did they begin?', "    # start: '2026-11-01T00:00:00Z'"]
        : []),
    ]),
  ];
}
