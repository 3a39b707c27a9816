/**
 * Stands in for `err-code`: the same error, carrying `code`. Defined rather than assigned, because the errors of
 * data channels are DOMExceptions, whose own `code` cannot be set.
 */
export default <Failure extends Error>(error: Failure, code: string) =>
  Object.defineProperty(error, 'code', { value: code, configurable: true });
