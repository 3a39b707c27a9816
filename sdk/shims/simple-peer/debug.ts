const ignore = (): void => {};

/** Stands in for `debug`: the loggers that it makes say nothing. */
export default (_name: string) => ignore;
