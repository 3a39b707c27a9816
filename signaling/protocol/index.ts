export * from './frames.ts';
export { limits } from './limits.ts';
export * from './parse.ts';
