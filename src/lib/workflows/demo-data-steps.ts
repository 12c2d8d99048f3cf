import path from 'node:path';
import {Readable} from 'node:stream';

import {formatInstantUs, US_PER_SECOND} from '../core/index.js';
import {checkTopology} from './check-topology.js';
import type {DemoOptions, DemoPlaces, StepOf} from './demo-story.js';
import {evaluateModels} from './evaluate-models.js';
import {ingestIntoStore} from './ingest-into-store.js';
import {synthesize, type SynthSummary} from './synthesize.js';

/** The steps from nothing to a store and a topology. */
export interface DataSteps {
  readonly synth: () => StepOf<'synth'>;
  readonly ingest: (made: SynthSummary, title: string) => StepOf<'ingest'>;
  readonly evaluate: () => StepOf<'evaluate'>;
  /** `line`: what was added to the topology file. */
  readonly checkTopology: (line: string) => StepOf<'topology'>;
}

const DAY_SECONDS = 86_400;
/** The default of `ingest --max-clock-skew`. */
const SKEW_US = 60 * US_PER_SECOND;

/** Each step is the workflow of a command with the arguments that its command line gives. */
export function createDataSteps(options: DemoOptions, places: DemoPlaces): DataSteps {
  return {
    synth: () => synthStep(options, places),
    ingest: (made, title) => ingestStep(options, places, made, title),
    evaluate: () => evaluateStep(options, places),
    checkTopology: (line) => ({
      title: 'add the volume of the recorded trace to the topology, and check that',
      setup: `echo '${line}' >> ${options.label}/cluster/topology.yaml`,
      command: `foreshadow topology check ${options.label}/cluster/topology.yaml`,
      run: async () => ({kind: 'topology', result: await checkTopology(places.topology)}),
    }),
  };
}

function synthStep(
  {label, settings, signal, onProgress}: DemoOptions,
  {cluster: folder}: DemoPlaces,
): StepOf<'synth'> {
  const {cluster, requests, formats} = settings;
  const {hosts, racks, feeds, volumes, days, startUs, fillShare, hostCapacityBytes, seed} = cluster;
  const capacity = hostCapacityBytes === undefined ? '' : `--capacity ${hostCapacityBytes / 1e9}GB `;
  return {
    title: 'make a cluster with the traces of its volumes',
    command:
      `foreshadow synth --out ${label}/cluster --hosts ${hosts} --racks ${racks} --feeds ${feeds} ` +
      `--volumes ${volumes} --days ${days} --start ${formatInstantUs(startUs)} --rows ${requests} ` +
      `--fill ${100 * fillShare}% ${capacity}--seed ${seed} ` +
      formats.map((format) => `--format ${format}`).join(' '),
    run: async () => ({
      kind: 'synth',
      result: await synthesize({
        ...{cluster, formats, withUsage: false, signal},
        requests: {total: requests},
        out: {kind: 'folder', path: folder, force: false},
        onProgress: ({rows}) => {
          onProgress(`${rows} requests`);
        },
      }),
    }),
  };
}

function ingestStep(
  {label, tool, signal, onProgress}: DemoOptions,
  places: DemoPlaces,
  {files}: SynthSummary,
  title: string,
): StepOf<'ingest'> {
  const traces = files.map((file) => file.path).filter((file) => file.startsWith('traces/'));
  const recorded = path.basename(places.recorded);
  return {
    title,
    command: `foreshadow ingest ${label}/cluster/traces/* ${label}/${recorded} --store ${places.storeLabel}`,
    run: async () => ({
      kind: 'ingest',
      result: await ingestIntoStore({
        paths: [...traces.map((file) => path.join(places.cluster, file)), places.recorded],
        stdin: Readable.from([]),
        options: {skewUs: SKEW_US},
        ...{maxBadRows: 0, storePath: places.store, nowUs: places.endUs, tool, signal},
        onRemark: onProgress,
        onProgress: ({name}) => {
          onProgress(path.basename(name));
        },
      }),
    }),
  };
}

function evaluateStep(
  {settings, signal, onProgress}: DemoOptions,
  {store, storeLabel, endUs}: DemoPlaces,
): StepOf<'evaluate'> {
  const {evaluated} = settings;
  return {
    title: 'compare models: the last day, foreseen from what was known before it',
    command:
      `foreshadow evaluate --store ${storeLabel} --models ${evaluated.join(',')} ` +
      `--horizon 24h --folds 1 --as-of ${formatInstantUs(endUs)}`,
    run: async () => ({
      kind: 'evaluate',
      result: await evaluateModels({
        ...{storePath: store, models: evaluated, granularities: ['hourly'], metric: 'used-bytes'},
        ...{horizonSeconds: DAY_SECONDS, folds: 1, levels: [0.1, 0.5, 0.9], asOfUs: endUs, seed: 1, signal},
        onProgress: ({model}) => {
          onProgress(model);
        },
      }),
    }),
  };
}
