import {z} from 'zod';

const share = z.number().min(0).max(1);

/** The smoothing parameters as JSON data. */
export const savedSmoothing = z.object({alpha: share, beta: share, gamma: share, phi: share});
