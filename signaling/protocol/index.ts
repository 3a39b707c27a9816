export type { Refusal } from './border.ts';
export * from './descriptors.ts';
export * from './frames.ts';
export { descriptorsUrlOf } from './identity.ts';
export type { Limits } from './limits.ts';
export * as limits from './limits.ts';
export { parseClientFrame } from './parse-client.ts';
export { parseServerFrame } from './parse-server.ts';
export { uploadsOf } from './profile.ts';
