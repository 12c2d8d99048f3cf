import {TargetError} from '../core/index.js';

/** No answer, half of one, or a failure of the server: a change may have been made or not, and only reading tells. */
export class OpenTargetError extends TargetError {}
