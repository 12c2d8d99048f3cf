import {
  allocationPolicy,
  type CurrentReserve,
  makePlan,
  matchUsage,
  type Plan,
  type PolicySettings,
  type ShrinkRules,
  type VolumeUsage,
  widenForecast,
} from '../allocation/index.js';
import {
  canonicalJson,
  createRandom,
  type Granularity,
  InputError,
  readText,
  sha256Hex,
  US_PER_SECOND,
  writeArtifact,
} from '../core/index.js';
import {
  calibrationWindow,
  type FittedModel,
  forecastModel,
  forecastPeaks,
  horizonStepsOf,
  type PanelSource,
  type PeakForecast,
  readModelFile,
  readPanel,
  SEASON_STEPS,
} from '../forecasting/index.js';
import {openShadowStore} from '../shadow-store/index.js';
import {openTarget, readLastChanges} from '../storage-apis/index.js';
import {lintTopology, readTopology, type Topology} from '../topology/index.js';

/** A model file that `train` wrote, or a model to fit now. */
export type PlanModel =
  | {readonly kind: 'file'; readonly path: string}
  | {readonly kind: 'fit'; readonly model: string; readonly granularity: Granularity};

/** What of a shadow store is needed to plan from it. */
export interface PlanStore extends PanelSource {
  info(): {
    readonly firstUs?: number;
    readonly endUs?: number;
    readonly batches: readonly {readonly batchId: string}[];
  };
  close(): void;
}

export interface PlanBufferOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<PlanStore>;
  readonly topologyPath: string;
  readonly policy: string;
  readonly settings: PolicySettings;
  readonly model: PlanModel;
  /** How long the buffer must suffice: until the next plan is applied, and the repair after that. */
  readonly horizonSeconds: number;
  /** `kind:place` of the storage API that holds the buffers; absent: none are held yet, and any target takes the plan. */
  readonly target?: string | undefined;
  /** Rules for giving back what the target holds; absent: at once. */
  readonly shrink?: ShrinkRules | undefined;
  readonly validForSeconds: number;
  readonly withCertificate: boolean;
  /** When the plan is made; later data are not looked at. */
  readonly nowUs: number;
  readonly seed: number;
  readonly tool: string;
  /** Path of the plan file; none is written when absent. */
  readonly out?: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (stage: string) => void;
}

/** The plan, and where it was written. */
export interface PlanSummary {
  readonly plan: Plan;
  readonly out?: string;
}

/** Past origins from which a forecast's errors are learned, at most: as in replay. */
const ORIGIN_COUNT = 40;

/**
 * Foresees the peaks of all volumes of a topology and plans the buffer for them. A plan that does not cover every
 * scenario is written too: `feasible` says so. Throws UsageError for unknown names, InputError when store, topology or
 * model cannot be used or nothing is known of how much a volume holds, TargetError when the target cannot be read.
 */
export async function planBuffer(options: PlanBufferOptions): Promise<PlanSummary> {
  const {settings, horizonSeconds, validForSeconds, withCertificate, tool, out, onProgress} = options;
  const policy = allocationPolicy(options.policy);
  const topology = await readTopology(options.topologyPath);
  const held = await readHeld(topology, options);
  const current = held?.current;
  const {usage, forecast, inputs, warnings} = await foresee(topology, options);
  options.signal.throwIfAborted();
  onProgress(`policy ${policy.name}`);
  const plan = await makePlan({
    policy,
    input: {
      ...{topology, usedBytes: usage.usedBytes, forecast, settings},
      currentReserveBytes: Float64Array.from(topology.hosts, ({id}) => current?.reserveBytes.get(id) ?? 0),
      ...(held && {sinceChangeSeconds: held.sinceChangeSeconds}),
    },
    ...(options.shrink && {shrink: options.shrink}),
    ...(current && {current}),
    ...{
      createdAtUs: options.nowUs,
      validForSeconds,
      horizonSeconds,
      tool,
      withCertificate,
      withAlternatives: true,
    },
    inputs: [
      ...inputs,
      {kind: 'topology', name: options.topologyPath, sha256: topology.serial},
      ...(current ? [{kind: 'target', name: current.target, sha256: hashOfTarget(current)}] : []),
    ],
    warnings: [...warnings, ...warnOfTopology(topology), ...warnOfTarget(topology, current)],
  });
  if (out === undefined) return {plan};
  await writeArtifact(out, plan);
  return {plan, out};
}

interface Held {
  readonly current: CurrentReserve;
  /** By host of the topology; Infinity: no journal tells of a change. */
  readonly sinceChangeSeconds: Float64Array;
}

/** What the target holds, and since when; undefined without a target. */
async function readHeld(topology: Topology, {target, nowUs}: PlanBufferOptions): Promise<Held | undefined> {
  if (target === undefined) return undefined;
  const opened = openTarget(target);
  const current = await opened.readInventory();
  const changedAtUs = await readLastChanges(opened.journalFolder);
  const sinceChangeSeconds = Float64Array.from(topology.hosts, ({id}) =>
    Math.max(0, (nowUs - (changedAtUs.get(id) ?? Number.NEGATIVE_INFINITY)) / US_PER_SECOND),
  );
  return {current, sinceChangeSeconds};
}

interface Foreseen {
  readonly usage: VolumeUsage;
  readonly forecast: PeakForecast;
  readonly inputs: Plan['inputs'];
  readonly warnings: readonly string[];
}

async function foresee(topology: Topology, options: PlanBufferOptions): Promise<Foreseen> {
  const {model, nowUs, horizonSeconds, onProgress} = options;
  onProgress('history');
  const store = await (options.openStore ?? openShadowStore)(options.storePath);
  try {
    const trained = model.kind === 'file' ? await readModelFile(model.path) : undefined;
    refuseOtherMetric(model, trained?.metric);
    const granularity = model.kind === 'fit' ? model.granularity : (trained?.granularity ?? 'hourly');
    const panel = await readPanel(store, {granularity, metric: 'used-bytes', asOfUs: nowUs});
    const usage = matchUsage(topology, panel);
    const horizonSteps = horizonStepsOf(horizonSeconds, granularity);
    onProgress('forecast');
    const fitted = trained?.fitted ?? (await fitNow(usage, {...options, horizonSteps, granularity}));
    const warnings = [...usage.warnings, ...warnOfHorizon(trained?.horizonSteps, horizonSteps)];
    return {
      usage,
      forecast: widenForecast(
        usage,
        fitted && (await foreseePeaks(fitted, usage, horizonSteps, options.seed)),
      ),
      inputs: [
        {kind: 'store', name: options.storePath, sha256: hashOfStore(store)},
        {kind: 'model', ...(await describeModel(options))},
      ],
      warnings,
    };
  } finally {
    store.close();
  }
}

/** Undefined when no volume has a history. The end is kept from the model: its errors there are to be honest. */
async function fitNow(
  {series}: VolumeUsage,
  options: PlanBufferOptions & {readonly horizonSteps: number; readonly granularity: Granularity},
): Promise<FittedModel | undefined> {
  const {model, horizonSteps, granularity, seed, signal} = options;
  if (series.length === 0 || model.kind !== 'fit') return undefined;
  const steps = series[0]?.values.length ?? 0;
  const {tailSteps} = calibrationWindow(steps, horizonSteps);
  const known = series.map((one) => ({...one, values: one.values.subarray(0, steps - tailSteps)}));
  const random = createRandom(seed).fork('fit');
  return forecastModel(model.model).fit(known, {
    ...{horizonSteps, seasonSteps: SEASON_STEPS[granularity], random, signal},
  });
}

function foreseePeaks(
  fitted: FittedModel,
  {series}: VolumeUsage,
  horizonSteps: number,
  seed: number,
): Promise<PeakForecast> {
  const random = createRandom(seed).fork('peaks');
  return forecastPeaks(fitted, series, {
    ...{horizonSteps, random, originCount: ORIGIN_COUNT, sampleCount: ORIGIN_COUNT},
  });
}

function refuseOtherMetric(model: PlanModel, metric: string | undefined): void {
  if (metric === undefined || metric === 'used-bytes' || model.kind !== 'file') return;
  throw new InputError('wrong-metric', `${model.path} foresees ${metric}, a plan needs used-bytes`, {
    hints: ['foreshadow train --metric used-bytes --out model.json'],
  });
}

function warnOfHorizon(trainedSteps: number | undefined, horizonSteps: number): string[] {
  return trainedSteps !== undefined && horizonSteps > trainedSteps
    ? [`the horizon has ${horizonSteps} steps, the model was trained for ${trainedSteps}`]
    : [];
}

function warnOfTopology(topology: Topology): string[] {
  const errors = lintTopology(topology).filter(({severity}) => severity === 'error');
  return errors.length === 0
    ? []
    : [`the topology has ${errors.length} faults: foreshadow topology check tells them`];
}

function warnOfTarget(topology: Topology, current: CurrentReserve | undefined): string[] {
  const known = new Set(topology.hosts.map(({id}) => id));
  const others = [...(current?.reserveBytes ?? [])].filter(([host, bytes]) => bytes > 0 && !known.has(host));
  const names = others.map(([host]) => host);
  return names.length === 0
    ? []
    : [
        `the target holds buffers on ${names.length} hosts that the topology does not know; they stay: ${names.join(', ')}`,
      ];
}

function hashOfStore(store: PlanStore): string {
  return sha256Hex(canonicalJson(store.info().batches.map(({batchId}) => batchId)));
}

function hashOfTarget({lineage, serial, reserveBytes}: CurrentReserve): string {
  return sha256Hex(canonicalJson({lineage, serial, reserveBytes: [...reserveBytes].sort()}));
}

async function describeModel({model, seed}: PlanBufferOptions): Promise<{name: string; sha256: string}> {
  return model.kind === 'file'
    ? {name: model.path, sha256: sha256Hex(await readText(model.path))}
    : {name: model.model, sha256: sha256Hex(canonicalJson({...model, seed}))};
}
