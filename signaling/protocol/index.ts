export * from './descriptors.ts';
export * from './frames.ts';
export { type Limits, limits } from './limits.ts';
export * from './parse.ts';
