import {z} from 'zod';

import {type Granularity, readText, shortHash, US_PER_SECOND} from '../core/index.js';
import {modelsFolderOf, readModelFile, trainingsOf} from '../forecasting/index.js';

/** Plans go by it. */
export const METRIC = 'used-bytes';

const modelSchema = z.object({model: z.string(), modelSha256: z.string()});
const monitorSchema = z.object({
  groups: z.array(
    z.object({
      granularity: z.string(),
      metric: z.string(),
      action: z.enum(['replace', 'retrain', 'recalibrate', 'nothing']),
      drift: z.object({alarmsAtUs: z.array(z.number())}),
      replacements: z.array(z.object({from: modelSchema, to: modelSchema})),
    }),
  ),
});

/** What the monitor says of the models that are planned by. */
export interface Advice {
  readonly action: string;
  /** When drift was found last. */
  readonly alarmAtUs?: number | undefined;
  /** The last champion that a challenger took the place of, and that challenger. */
  readonly replacement?: {readonly from: Model; readonly to: Model} | undefined;
}

type Model = z.infer<typeof modelSchema>;

/** Reads what `monitor --json` said. Throws when it is something else. */
export async function readAdvice(file: string, granularity: Granularity): Promise<Advice> {
  const {groups} = monitorSchema.parse(JSON.parse(await readText(file)));
  const group = groups.find((one) => one.metric === METRIC && one.granularity === granularity);
  return {
    action: group?.action ?? 'nothing',
    alarmAtUs: group?.drift.alarmsAtUs.at(-1),
    replacement: group?.replacements.at(-1),
  };
}

/** Which models the user wants: one to plan by at first, and others that may take its place. */
export interface WantedModels {
  readonly model: string;
  readonly challengers: readonly string[];
}

/** The kind of model that is planned by: the one that took the other's place last. */
export function championKind({model}: WantedModels, {replacement}: Advice): string {
  return replacement?.to.model ?? model;
}

/** All kinds that are trained, the champion's first. */
export function kindsOf(wanted: WantedModels, advice: Advice): readonly string[] {
  const kinds = [
    championKind(wanted, advice),
    ...(wanted.challengers.length > 0 ? [wanted.model] : []),
    ...wanted.challengers,
  ];
  return [...new Set(kinds)];
}

/** The files to forecast with. */
export interface ChosenModels {
  readonly champion: string;
  readonly challengers: readonly string[];
}

/** For so long a model that was trained again because of drift is tried beside its successor. */
const TRIED_AGAIN_US = 14 * 86_400 * US_PER_SECOND;

/** Where the models are, and when it is. */
interface Place {
  readonly storePath: string;
  readonly granularity: Granularity;
  readonly asOfUs: number;
}

/**
 * The latest training of each kind, the champion's kind as champion. One that was trained again because of drift goes on
 * beside its successor as a challenger: where the alarm was false, it gets its place back.
 */
export async function chooseModels(
  wanted: WantedModels,
  advice: Advice,
  place: Place,
): Promise<ChosenModels> {
  const [own = '', ...others] = kindsOf(wanted, advice);
  const trainings = await modelFilesOf(own, place);
  const [latest = own] = trainings;
  const {replacement} = advice;
  const isReplaced = replacement !== undefined && isFileOf(latest, replacement.from);
  const champion = isReplaced ? (trainings.find((file) => isFileOf(file, replacement.to)) ?? latest) : latest;
  const former = await drifted(trainings.slice(1), advice, place);
  const latestOthers = await Promise.all(
    others.map(async (kind) => (await modelFilesOf(kind, place)).slice(0, 1)),
  );
  const challengers = [...(former === undefined ? [] : [former]), ...latestOthers.flat()];
  return {champion, challengers: challengers.filter((file) => file !== champion)};
}

/** The newest of some trainings, newest first, that had not seen what raised the alarm, for some nights after that. */
async function drifted(
  trainings: readonly string[],
  {alarmAtUs}: Advice,
  {asOfUs}: Place,
): Promise<string | undefined> {
  if (alarmAtUs === undefined || asOfUs - alarmAtUs > TRIED_AGAIN_US) return undefined;
  for (const file of trainings) {
    const {trainedOn} = await readModelFile(file);
    if (trainedOn.untilUs < alarmAtUs) return file;
  }
  return undefined;
}

/** A model's trainings, the newest first. */
export async function modelFilesOf(
  name: string,
  {storePath, granularity}: Pick<Place, 'storePath' | 'granularity'>,
): Promise<readonly string[]> {
  return trainingsOf({name, granularity, metric: METRIC}, modelsFolderOf(storePath));
}

/** Names of model files end with the beginning of their hash. */
function isFileOf(file: string, {modelSha256}: Model): boolean {
  return file.endsWith(`.${shortHash(modelSha256)}.json`);
}
