import {appendFile, copyFile, mkdir, readdir} from 'node:fs/promises';
import path from 'node:path';

import {sum, US_PER_SECOND, UsageError} from '../core/index.js';
import {createBufferSteps} from './demo-buffer-steps.js';
import {createDataSteps} from './demo-data-steps.js';
import {compareHeld} from './demo-outcome.js';
import type {DemoOptions, DemoOutcome, DemoPlaces, ReadyStep, StepResult, StepTitle} from './demo-story.js';

/** The volume of the recorded trace, as its export is called, in the list that ends a topology file of synth. */
const RECORDED_VOLUME_LINE =
  '  - {id: bench-fio, replicas: [host-02, host-05], antiAffinity: [rack], provisioned: 1GiB}';
const DAY_SECONDS = 86_400;

/**
 * Runs the main job from traces to applied buffers, through the workflows of the commands: a cluster, its traces and a
 * recorded one into a store, models compared, topology checked, a buffer by rule of thumb applied, then the plan made,
 * replayed against other policies and applied. The same settings give the same result. Throws what the steps throw.
 */
export async function runDemo(options: DemoOptions): Promise<DemoOutcome> {
  const places = placesOf(options);
  await startFolder(options, places);
  const told: StepTitle[] = [];
  const tell = createTeller(options, told);
  const data = createDataSteps(options, places);
  const buffer = createBufferSteps(options, places);

  const made = await tell(data.synth());
  const ingested = await tell(data.ingest(made, 'read them and a recorded trace into the shadow store'));
  const again = await tell(data.ingest(made, 'read them again: what is there already is left out'));
  const evaluation = await tell(data.evaluate());
  await appendFile(places.topology, `${RECORDED_VOLUME_LINE}\n`);
  await tell(data.checkTopology(RECORDED_VOLUME_LINE));
  await tell(buffer.plan('static', 'what was held so far: a fifth of every host, a rule of thumb'));
  await tell(buffer.apply('static', 'apply it to the ledger', 'whatever'));
  const planned = await tell(
    buffer.plan('shared', 'plan the least buffer with which every failure can be repaired'),
  );
  const replayed = await tell(buffer.replay());
  const applied = await tell(buffer.apply('shared', 'apply the plan to the ledger', 'all'));
  return {
    steps: told,
    volumes: made.volumes + 1,
    requests: made.requests,
    alreadyThere: again.skipped.length,
    rowsOfRecordedTrace: sum(
      ingested.inputs.filter(({name}) => name === places.recorded).map(({rows}) => rows),
    ),
    models: evaluation.models,
    ...(await compareHeld(planned.plan, applied.target, replayed)),
  };
}

function createTeller({signal, onBegin, onEnd}: DemoOptions, told: StepTitle[]) {
  return async <R extends StepResult>({run, ...step}: ReadyStep<R>): Promise<R['result']> => {
    signal.throwIfAborted();
    onBegin(step);
    const done = await run();
    told.push(step);
    await onEnd({...step, ...done});
    return done.result;
  };
}

function placesOf({folder, label, store, recordedTrace, settings}: DemoOptions): DemoPlaces {
  const {startUs, days} = settings.cluster;
  return {
    cluster: path.join(folder, 'cluster'),
    topology: path.join(folder, 'cluster', 'topology.yaml'),
    recorded: path.join(folder, path.basename(recordedTrace)),
    store: store ?? path.join(folder, 'store'),
    storeLabel: store ?? `${label}/store`,
    target: `file:${path.join(folder, 'buffers.json')}`,
    planOf: (policy) => path.join(folder, `${policy}.plan.json`),
    endUs: startUs + days * DAY_SECONDS * US_PER_SECOND,
  };
}

async function startFolder({folder, recordedTrace}: DemoOptions, {recorded}: DemoPlaces): Promise<void> {
  await mkdir(folder, {recursive: true});
  if ((await readdir(folder)).length > 0) {
    throw new UsageError('folder-not-empty', `${folder} is not empty`, {hints: ['--keep with a new folder']});
  }
  await copyFile(recordedTrace, recorded);
}
