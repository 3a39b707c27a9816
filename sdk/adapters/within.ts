import { HoldfastError } from '../errors.ts';

/** @throws HoldfastError `storage_failed` when there is no answer by then. */
export async function within<Result>(waitMs: number, answer: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new HoldfastError('storage_failed', `no answer within ${waitMs} ms`);
    timer = setTimeout(reject, waitMs, error);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
