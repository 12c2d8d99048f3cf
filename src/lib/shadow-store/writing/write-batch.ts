import path from 'node:path';

import {formatInstantUs, sha256Hex} from '../../core/index.js';
import type {IngestBatch, IngestedInput, RejectedRow} from '../../traces/index.js';
import {type BatchManifest, MANIFEST_KIND} from '../files/batch-manifest.js';
import type {Engine} from '../engine/duckdb-engine.js';
import type {DurableFiles} from '../files/durable-files.js';
import {type SavedFootprints, writeFootprints} from '../files/footprint-pack.js';
import {describeCoverage, type LogCoverage, mergeCoverage} from '../files/coverage.js';
import {rejectsPath} from '../files/layout.js';
import {publishManifest} from './publish-manifest.js';
import type {ToldRows} from './row-tally.js';
import {writeSeries} from './write-series.js';

const REJECTS_PART_ROWS = 10_000;

export interface BatchTarget {
  readonly storePath: string;
  readonly buckets: number;
  readonly sequence: number;
  readonly saved: SavedFootprints;
  readonly engine: Engine;
  readonly files: DurableFiles;
  readonly signal: AbortSignal | undefined;
  readonly tool: string;
  readonly nowUs: number;
}

/** The same inputs give the same batch, in whatever order they were read. */
export function batchIdOf(inputs: readonly IngestedInput[]): string {
  const identities = inputs.map((input) => input.identitySha256).sort();
  return sha256Hex(identities.join('\n')).slice(0, 32);
}

/**
 * Writes a batch: first all its data, flushed; then, by one rename, the manifest that makes them part of the store.
 * Stopped anywhere before that rename it has changed nothing that a reader sees. Throws what the disk or the engine
 * throws.
 */
export async function writeBatch(batch: IngestBatch, target: BatchTarget): Promise<BatchManifest> {
  const batchId = batchIdOf(batch.inputs);
  const {storePath, files} = target;
  const {series, volumes, totals} = await writeSeries(target.engine, batch, {...target, batchId});
  const rejects = await writeRejects(batch.rejects, {storePath, batchId, files});
  const footprints = await writeFootprints({storePath, batchId, files}, batch.footprints, target.saved);
  const manifest = manifestOf(batch, {
    ...{tool: target.tool, nowUs: target.nowUs, sequence: target.sequence},
    ...{volumes, totals, series, rejects, footprints},
  });
  await publishManifest(manifest, {storePath, files, signal: target.signal});
  return manifest;
}

/** What a manifest tells beside what its inputs tell. */
interface Written extends ToldRows {
  readonly tool: string;
  readonly nowUs: number;
  readonly sequence: number;
  readonly series: BatchManifest['series'];
  readonly rejects: BatchManifest['rejects'];
  readonly footprints: BatchManifest['footprints'];
}

/** The manifest of a batch of inputs. */
export function manifestOf({inputs}: IngestBatch, written: Written): BatchManifest {
  const {tool, nowUs, sequence, volumes, totals, series, rejects, footprints} = written;
  const coverage = coverageOfInputs(inputs);
  return {
    kind: MANIFEST_KIND.kind,
    version: MANIFEST_KIND.version,
    tool,
    createdAt: formatInstantUs(nowUs),
    sequence,
    batchId: batchIdOf(inputs),
    inputs: inputs.map(describeInput),
    totals,
    volumes,
    series,
    ...(rejects ? {rejects} : {}),
    ...(footprints ? {footprints} : {}),
    ...(coverage ? {coverage: describeCoverage(coverage, volumes)} : {}),
  };
}

/** Writes the rejected rows of a batch as a file; undefined when there are none. */
export async function writeRejects(
  rejects: readonly RejectedRow[],
  target: {readonly storePath: string; readonly batchId: string; readonly files: DurableFiles},
): Promise<BatchManifest['rejects']> {
  if (rejects.length === 0) return undefined;
  const relativePath = rejectsPath(target.batchId);
  const file = path.join(target.storePath, relativePath);
  await target.files.makeFolder(path.dirname(file));
  const digest = await target.files.write(file, rejectLines(rejects));
  return {path: relativePath, ...digest, rows: rejects.length};
}

function* rejectLines(rejects: readonly RejectedRow[]): Generator<Uint8Array> {
  for (let from = 0; from < rejects.length; from += REJECTS_PART_ROWS) {
    const lines = rejects.slice(from, from + REJECTS_PART_ROWS).map(({source, line, reason, text}) => {
      return `${JSON.stringify({source, line, reason, text})}\n`;
    });
    yield Buffer.from(lines.join(''));
  }
}

/** Undefined when an input does not tell: the manifest then says nothing, which means all the time. */
function coverageOfInputs(inputs: readonly IngestedInput[]): readonly LogCoverage[] | undefined {
  const told = inputs.map(({coverage}) => coverage);
  if (told.length === 0 || told.includes(undefined)) return undefined;
  return mergeCoverage(
    told.flatMap((coverage) => coverage ?? []),
    Number.NEGATIVE_INFINITY,
  );
}

function describeInput(input: IngestedInput): BatchManifest['inputs'][number] {
  const {name, format, sizeBytes, identitySha256, sha256, rawKeySha256} = input;
  const {rows, rejectedRows, blankRows, lateRows, firstUs, lastUs, mark, lostEvents} = input;
  const rest = {
    ...{name, format, sizeBytes, identitySha256, sha256, rawKeySha256},
    ...{rows, rejectedRows, blankRows, lateRows},
    ...(mark ? {mark} : {}),
    ...(lostEvents === undefined ? {} : {lostEvents}),
  };
  return Number.isFinite(firstUs) && Number.isFinite(lastUs) ? {...rest, firstUs, lastUs} : rest;
}
