/** The import rule of docs/architecture.md: arrows go one way, through each folder's index, adapters stand alone. */
const UPSTREAM = {
  core: [],
  charts: ['core'],
  traces: ['core'],
  interceptors: ['core'],
  configuration: ['core'],
  nightly: ['core'],
  'shadow-store': ['core', 'traces'],
  patterns: ['core', 'charts', 'traces', 'shadow-store'],
  forecasting: ['core', 'traces', 'shadow-store', 'patterns'],
  topology: ['core'],
  allocation: ['core', 'topology', 'forecasting'],
  replay: ['core', 'patterns', 'topology', 'forecasting', 'allocation'],
  monitoring: ['core', 'shadow-store', 'topology', 'forecasting', 'allocation', 'replay'],
  'storage-apis': ['core', 'topology', 'allocation'],
  synth: ['core', 'traces', 'topology'],
  report: ['core', 'charts', 'allocation'],
  workflows: [
    'core',
    'report',
    'traces',
    'interceptors',
    'configuration',
    'nightly',
    'shadow-store',
    'patterns',
    'forecasting',
    'topology',
    'allocation',
    'replay',
    'monitoring',
    'storage-apis',
    'synth',
  ],
};
const ADAPTERS = [
  'traces/formats',
  'forecasting/models',
  'topology/importers',
  'allocation/policies',
  'storage-apis/targets',
];

const oneWay = Object.entries(UPSTREAM).map(([folder, allowed]) => ({
  name: `${folder}-imports-upstream-only`,
  severity: 'error',
  from: {path: `^src/lib/${folder}/`},
  to: {path: '^src/', pathNot: `^src/lib/(${[folder, ...allowed].join('|')})/`},
}));
// workflows have no index: a command imports the one file that it runs.
const staged = Object.keys(UPSTREAM).filter((folder) => folder !== 'workflows');
const throughIndex = staged.map((folder) => ({
  name: `${folder}-through-its-index`,
  severity: 'error',
  from: {path: '^src/', pathNot: `^src/lib/${folder}/`},
  to: {path: `^src/lib/${folder}/`, pathNot: `^src/lib/${folder}/index\\.ts$`},
}));
const adaptersAlone = ADAPTERS.map((folder) => ({
  name: `${folder.replace('/', '-')}-stand-alone`,
  severity: 'error',
  from: {path: `^src/lib/${folder}/([^/]+)\\.ts$`},
  to: {path: `^src/lib/(${folder}/(?!$1\\.ts$)|[^/]+/registry\\.ts$)`},
}));
const only = (name, module, where) => ({
  name,
  severity: 'error',
  from: {path: '^src/', pathNot: where},
  to: {path: module},
});

export default {
  forbidden: [
    {name: 'no-cycles', severity: 'error', from: {}, to: {circular: true}},
    {
      name: 'lib-not-to-cli',
      severity: 'error',
      from: {path: '^src/lib/'},
      to: {path: '^src/(commands|views|base-command)|@oclif'},
    },
    {
      name: 'command-not-to-command',
      severity: 'error',
      from: {path: '^src/commands/'},
      to: {path: '^src/commands/'},
    },
    {
      name: 'views-decide-nothing',
      severity: 'error',
      from: {path: '^src/views/'},
      to: {path: '^src/(commands|base-command)'},
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {path: '^src/'},
      to: {couldNotResolve: true, dependencyTypesNot: ['npm-optional']},
    },
    only('clickhouse-only-in-shadow-store', '@clickhouse/', '^src/lib/shadow-store/clickhouse/'),
    only('duckdb-only-in-shadow-store', '@duckdb/', '^src/lib/shadow-store/'),
    only('tensorflow-only-in-forecasting', '@tensorflow/', '^src/lib/forecasting/'),
    only('highs-only-in-allocation', 'node_modules/highs', '^src/lib/allocation/'),
    {
      name: 'checker-shares-no-code-with-the-solver',
      severity: 'error',
      from: {path: '^src/lib/allocation/(check-certificate|verify-plan)\\.ts$'},
      to: {
        path: '^src/',
        pathNot: '^src/lib/(core/index|topology/index|allocation/(check-certificate|plan-file))\\.ts$',
      },
    },
    ...oneWay,
    ...throughIndex,
    ...adaptersAlone,
  ],
  options: {
    doNotFollow: {path: 'node_modules'},
    tsPreCompilationDeps: true,
    tsConfig: {fileName: 'tsconfig.json'},
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
