import {z} from 'zod';

import type {Calibration} from './conformal.js';
import {decodeFloat64, encodeFloat64} from './float-text.js';
import {BAND_LEVELS} from './model.js';

const floats = z.base64().transform((text, context) => {
  const values = decodeFloat64(text);
  if (values?.every((value) => Number.isFinite(value))) return values;
  context.addIssue({code: 'custom', message: 'must be base64 of finite 64-bit floats'});
  return z.NEVER;
});

/** A calibration as JSON data: lists of little-endian 64-bit floats as base64. */
export const savedCalibration = z.object({
  originCount: z.int().nonnegative(),
  /** One text a step, the scaled errors in rising order. */
  stepErrors: z.array(floats),
  spreads: z.array(z.tuple([z.string(), z.number().positive()])),
  bands: z
    .object({
      stepErrors: z.array(z.array(floats)).length(BAND_LEVELS.length),
      ownShifts: z.array(z.tuple([z.string(), floats])),
    })
    .optional(),
});

/** The JSON data of a calibration, less its seasons. */
export function saveCalibration({
  originCount,
  stepErrors,
  spreads,
  bands,
}: Calibration): z.input<typeof savedCalibration> {
  return {
    originCount,
    stepErrors: stepErrors.map(encodeFloat64),
    spreads: [...spreads],
    ...(bands && {
      bands: {
        stepErrors: bands.stepErrors.map((steps) => steps.map(encodeFloat64)),
        ownShifts: [...bands.ownShifts].map(([id, shifts]): [string, string] => [id, encodeFloat64(shifts)]),
      },
    }),
  };
}

/** The calibration of JSON data that `savedCalibration` has read. */
export function loadCalibration(
  {originCount, stepErrors, spreads, bands}: z.output<typeof savedCalibration>,
  seasonSteps: readonly number[],
): Calibration {
  return {
    ...{seasonSteps, originCount, stepErrors},
    spreads: new Map(spreads),
    ...(bands && {bands: {stepErrors: bands.stepErrors, ownShifts: new Map(bands.ownShifts)}}),
  };
}
