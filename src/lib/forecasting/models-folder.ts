import {access, open, readdir} from 'node:fs/promises';
import path from 'node:path';

import {errorText, InputError, shortHash, writeFileAtomically, type Granularity} from '../core/index.js';
import {besideStore, type Metric} from '../shadow-store/index.js';
import {modelFileText, readModelFile, type ReadModel, type TrainedModel} from './model-file.js';
import {FORECAST_MODELS} from './registry.js';

/** A trained model to use. */
export interface ModelFileChoice {
  /** Path of a file; else, in the folder: `latest`, the name of a model (its latest), or how a file's name begins. */
  readonly name: string;
  /** Beside the store when absent. */
  readonly modelsFolder?: string | undefined;
  /** What `latest` is looked for. */
  readonly granularity: Granularity;
  readonly metric: Metric;
  /** Those of granularity and metric that were asked for in so many words: a model of another one is refused. */
  readonly asked: {readonly granularity?: Granularity | undefined; readonly metric?: Metric | undefined};
}

/** Where models are kept unless told: beside the store. */
export function modelsFolderOf(storePath: string): string {
  return `${besideStore(storePath)}-models`;
}

/** Writes a model into the folder under a name that says what it is and ends with its hash; the path, and the hash. */
export async function keepModel(
  modelsFolder: string,
  trained: TrainedModel,
  made: {readonly tool: string; readonly createdAtUs: number},
): Promise<{readonly filePath: string; readonly sha256: string}> {
  const {text, sha256} = modelFileText(trained, made);
  const filePath = path.join(modelsFolder, modelFileName(trained, sha256));
  await writeFileAtomically(filePath, text);
  return {filePath, sha256};
}

/** `ets.hourly.used-bytes.0123456789ab.json`: the same model trained again takes the place of the former. */
function modelFileName({fitted, granularity, metric}: TrainedModel, sha256: string): string {
  return [fitted.model, granularity, metric, shortHash(sha256), 'json'].join('.');
}

/**
 * Finds and reads a model file. Throws InputError when there is none of that name, when several are meant, when it is of
 * another granularity or metric than was asked for, and as `readModelFile`.
 */
export async function readChosenModel(choice: ModelFileChoice, storePath: string): Promise<ReadModel> {
  const filePath = await findModelFile({
    ...choice,
    modelsFolder: choice.modelsFolder ?? modelsFolderOf(storePath),
  });
  const read = await readModelFile(filePath);
  for (const what of ['granularity', 'metric'] as const) {
    const wanted = choice.asked[what];
    if (wanted === undefined || wanted === read[what]) continue;
    throw new InputError(`wrong-${what}`, `${filePath}: ${what} is ${read[what]}, not ${wanted} as asked`, {
      hints: [`foreshadow train --${what} ${wanted}`, 'another --model-file'],
    });
  }
  return read;
}

/** The files of a model's trainings in the folder, the newest first. */
export async function trainingsOf(
  choice: Pick<ModelFileChoice, 'name' | 'granularity' | 'metric'>,
  modelsFolder: string,
): Promise<readonly string[]> {
  const kept = (await listModels(modelsFolder)).filter((model) => isMeant(model, {...choice, asked: {}}));
  return (await newestFirst(modelsFolder, kept)).map((file) => path.join(modelsFolder, file));
}

type Search = ModelFileChoice & {readonly modelsFolder: string};

async function findModelFile(choice: Search): Promise<string> {
  const {name, modelsFolder} = choice;
  if (/[/\\]/.test(name) || (await exists(name))) return name;
  const kept = await listModels(modelsFolder);
  const meant = kept.filter((model) => isMeant(model, choice));
  const [first] = meant;
  if (first === undefined) throw noneFound(choice, kept);
  if (meant.length === 1) return path.join(modelsFolder, first.file);
  if (isKind(name)) return path.join(modelsFolder, await latestOf(modelsFolder, meant));
  throw new InputError(
    'several-models',
    `${modelsFolder}: "${name}" may be ${meant.map(({file}) => file).join(' or ')}`,
    {hints: ['write more of the name']},
  );
}

interface KeptModel {
  readonly file: string;
  readonly model: string;
  readonly granularity: string;
  readonly metric: string;
}

async function listModels(modelsFolder: string): Promise<readonly KeptModel[]> {
  const files = await readdir(modelsFolder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new InputError('cannot-read', `cannot read ${modelsFolder}: ${errorText(error)}`, {cause: error});
  });
  return files.sort().flatMap((file) => {
    const [, model, granularity, metric] = /^([^.]+)\.([^.]+)\.([^.]+)\.[0-9a-f]{12}\.json$/.exec(file) ?? [];
    return model && granularity && metric ? [{file, model, granularity, metric}] : [];
  });
}

function isMeant(kept: KeptModel, {name, granularity, metric}: ModelFileChoice): boolean {
  if (!isKind(name)) return kept.file.startsWith(name);
  return (
    (name === LATEST || kept.model === name) && kept.granularity === granularity && kept.metric === metric
  );
}

const LATEST = 'latest';

/** Whether a name means any model, or any of its kind, of which the latest is taken. */
function isKind(name: string): boolean {
  return name === LATEST || FORECAST_MODELS.some((model) => model.name === name);
}

async function latestOf(modelsFolder: string, kept: readonly KeptModel[]): Promise<string> {
  const [newest] = await newestFirst(modelsFolder, kept);
  return newest ?? '';
}

/** By the time told in the files; of the same time, by name. */
async function newestFirst(modelsFolder: string, kept: readonly KeptModel[]): Promise<readonly string[]> {
  const made = await Promise.all(
    kept.map(async ({file}) => ({
      file,
      key: `${await readCreatedAt(path.join(modelsFolder, file))} ${file}`,
    })),
  );
  return made.sort((left, right) => (left.key < right.key ? 1 : -1)).map(({file}) => file);
}

const HEAD_BYTES = 1024;

/** The files may be large, and what is wrong in them is found when one is read wholly: empty where it is not told. */
async function readCreatedAt(filePath: string): Promise<string> {
  const handle = await open(filePath);
  try {
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return /"createdAt": "([^"]+)"/.exec(buffer.toString('utf8', 0, bytesRead))?.[1] ?? '';
  } finally {
    await handle.close();
  }
}

function noneFound(
  {name, modelsFolder, granularity, metric}: Search,
  kept: readonly KeptModel[],
): InputError {
  const what = isKind(name) ? `${name === LATEST ? 'model' : name}, ${granularity} ${metric},` : `"${name}"`;
  const model = isKind(name) && name !== LATEST ? ` --model ${name}` : '';
  return new InputError('no-such-model', `there is no ${what} in ${modelsFolder}, and no file ${name}`, {
    hints: [
      kept.length === 0
        ? 'no model is kept there: --models-dir names another folder'
        : `kept there: ${kept.map(({file}) => file).join(', ')}`,
      ...(isKind(name) ? [`foreshadow train${model} --granularity ${granularity} --metric ${metric}`] : []),
    ],
  });
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
