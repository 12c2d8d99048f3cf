import {z} from 'zod';

const share = z.number().min(0).max(1);

/** The smoothing parameters as JSON data. */
export const savedSmoothing = z.object({alpha: share, beta: share, gamma: share, phi: share});

export const savedError = z.enum(['A', 'M']);
export const savedTrend = z.enum(['N', 'A', 'Ad', 'M', 'Md']);
