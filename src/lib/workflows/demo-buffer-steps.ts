import {formatDurationSeconds, formatInstantUs} from '../core/index.js';
import {LOCAL_ACCESS} from '../storage-apis/index.js';
import {applyPlanFile} from './apply-plan.js';
import type {DemoOptions, DemoPlaces, StepOf} from './demo-story.js';
import {planBuffer} from './plan-buffer.js';
import {replayPolicies} from './replay-policies.js';

/** The steps from store and topology to buffers that are held. */
export interface BufferSteps {
  readonly plan: (policy: string, title: string) => StepOf<'plan'>;
  readonly replay: () => StepOf<'replay'>;
  /** `whatever`: also a plan that does not cover every scenario. */
  readonly apply: (policy: string, title: string, covers: 'all' | 'whatever') => StepOf<'apply'>;
}

const DAY_SECONDS = 86_400;
/** The default of `replay --refit`. */
const REFIT_SECONDS = 28 * DAY_SECONDS;

/** Each step is the workflow of a command with the arguments that its command line gives. */
export function createBufferSteps(options: DemoOptions, places: DemoPlaces): BufferSteps {
  return {
    plan: (policy, title) => planStep(options, places, policy, title),
    replay: () => replayStep(options, places),
    apply: (policy, title, covers) => applyStep(options, places, policy, title, covers),
  };
}

function planStep(
  {label, settings, tool, signal, onProgress}: DemoOptions,
  {store, storeLabel, topology, target, planOf, endUs}: DemoPlaces,
  policy: string,
  title: string,
): StepOf<'plan'> {
  const {model} = settings;
  return {
    title,
    command:
      `foreshadow plan ${inputs(label, storeLabel)} --policy ${policy} ${foresight(settings)} --horizon 24h ` +
      `--target file:${label}/buffers.json --as-of ${formatInstantUs(endUs)} --out ${label}/${policy}.plan.json`,
    run: async () => ({
      kind: 'plan',
      result: await planBuffer({
        ...{
          storePath: store,
          topologyPath: topology,
          policy,
          settings: settings.policy,
          target,
          tool,
          signal,
        },
        model: {kind: 'fit', model, granularity: 'hourly'},
        ...{
          horizon: {seconds: DAY_SECONDS},
          validForSeconds: DAY_SECONDS,
          withCertificate: false,
          withCoverage: true,
          withLaunches: true,
          withSuddenGrowth: false,
        },
        ...{nowUs: endUs, seed: 1, out: planOf(policy), onProgress},
      }),
    }),
  };
}

function replayStep(
  {label, settings, signal, onProgress}: DemoOptions,
  {store, storeLabel, topology, endUs}: DemoPlaces,
): StepOf<'replay'> {
  const {policies, model, warmUpSeconds} = settings;
  return {
    title: 'replay the rest of the history: every failure at every hour, under each policy',
    command:
      `foreshadow replay ${inputs(label, storeLabel)} --policies ${policies.join(',')} ${foresight(settings)} ` +
      `--warm-up ${formatDurationSeconds(warmUpSeconds)} --as-of ${formatInstantUs(endUs)}`,
    run: async () => ({
      kind: 'replay',
      result: await replayPolicies({
        ...{
          source: {kind: 'store', path: store},
          topologyPath: topology,
          policies,
          settings: settings.policy,
          model,
        },
        ...{granularity: 'hourly', toUs: endUs, warmUpSeconds, reviewSeconds: DAY_SECONDS, leadSeconds: 0},
        ...{refitSeconds: REFIT_SECONDS, withLaunches: true, withSuddenGrowth: false, seed: 1, signal},
        onProgress: ({done, total}) => {
          onProgress(`review ${done} of ${total}`);
        },
      }),
    }),
  };
}

function applyStep(
  {label, actor, tool, signal}: DemoOptions,
  {planOf, endUs}: DemoPlaces,
  policy: string,
  title: string,
  covers: 'all' | 'whatever',
): StepOf<'apply'> {
  const allowInfeasible = covers === 'whatever';
  return {
    title,
    command:
      `foreshadow apply ${label}/${policy}.plan.json --yes ${allowInfeasible ? '--allow-infeasible ' : ''}` +
      `--as-of ${formatInstantUs(endUs)}`,
    run: async () => ({
      kind: 'apply',
      result: await applyPlanFile({
        ...{
          planPath: planOf(policy),
          target: undefined,
          nowUs: endUs,
          dryRun: false,
          allowInfeasible,
          allowUnsafeShrink: false,
          access: LOCAL_ACCESS,
          modes: new Map(),
          useToleranceShare: 0.05,
          parallel: 1,
          signal,
        },
        actor: {...actor, tool, atUs: endUs},
        confirm: () => Promise.resolve(true),
      }),
    }),
  };
}

function inputs(label: string, storeLabel: string): string {
  return `--store ${storeLabel} --topology ${label}/cluster/topology.yaml`;
}

function foresight({model, policy}: DemoOptions['settings']): string {
  return `--model ${model} --level ${policy.level}`;
}
