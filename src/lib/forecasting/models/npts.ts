import {weighPast} from '../weigh-past.js';

/** See `weighPast`: of values, which fits what a block device does: nothing for hours and then all at once. */
export const npts = weighPast('npts', "the past's own distribution, weighted by age and hour", 'values');
