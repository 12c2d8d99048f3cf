import {z} from 'zod';

import type {ArimaModel} from './project.js';
import {describeOrders} from './orders.js';

const count = z.int().min(0).max(5);

/** A model as JSON data. */
export const savedArima = z.object({
  orders: z.object({
    p: count,
    d: count,
    q: count,
    seasonalP: count,
    seasonalD: count,
    seasonalQ: count,
    seasonSteps: z.int().positive(),
    constant: z.boolean(),
  }),
  point: z.array(z.number()),
  scale: z.number(),
});

export type SavedArima = z.infer<typeof savedArima>;

export function saveArima({orders, point, scale}: ArimaModel): SavedArima {
  return {orders, point: [...point], scale};
}

export function loadArima({orders, point, scale}: SavedArima): ArimaModel {
  return {orders, point: Float64Array.from(point), scale};
}

export function describeArima({orders}: SavedArima): string {
  return describeOrders(orders);
}
