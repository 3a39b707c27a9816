/** Stands in for `err-code`: the same error. `peer-link.ts` asks of none why the link ended. */
export default <Failure extends Error>(error: Failure) => error;
