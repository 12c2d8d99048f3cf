import {TargetError} from '../../core/index.js';

const NAMES: Readonly<Record<number, readonly [code: string, meaning: string, hint: string]>> = {
  400: [
    'bad-request',
    'does not accept the request',
    'the target may be of a version that is not known here',
  ],
  401: [
    'not-logged-in',
    'does not accept the credentials',
    'look at user, password and token, and whether they expired',
  ],
  403: [
    'not-allowed',
    'does not allow this to the user',
    'give the user the right to read and change what the target holds',
  ],
  404: ['not-found', 'does not have this', 'look at the address and at the names'],
  405: ['not-found', 'does not have this', 'look at the address'],
  409: ['conflict', 'says that something else is changing it', 'wait, then run the same command again'],
  412: ['precondition', 'says that somebody else changed it', 'make a new plan'],
  415: [
    'other-version',
    'does not know this version of its API',
    'the target may be of a version that is not known here',
  ],
  422: ['bad-request', 'does not accept the value', 'look at what it says'],
  429: ['too-many-requests', 'asks for fewer requests', 'wait, or use a smaller --parallel'],
};

/** An answer of a storage API that says no; nothing was changed. */
export class HttpRefusal extends TargetError {
  readonly status: number;

  /** `where` names the request, `said` is what the server told, without secrets. */
  constructor(status: number, where: string, said: string) {
    const [code, meaning, hint] = NAMES[status] ?? ['refused', 'refuses', 'look at what it says'];
    super(code, `${where} ${meaning} (${status})${said === '' ? '' : `: ${said}`}`, {hints: [hint]});
    this.status = status;
  }
}
