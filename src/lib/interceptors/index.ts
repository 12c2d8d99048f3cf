export {type BlockDevice, findBlockDevices} from './block-devices.js';
export type {Interceptor} from './interceptor.js';
export {findInterceptor, INTERCEPTORS} from './registry.js';
export {type InterceptorEnd, type InterceptorRun, startInterceptor} from './run-interceptor.js';
