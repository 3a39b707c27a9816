/** How a value is said: what it is, or on which side of a cut it lies. */
export interface Words {
  of(value: number): string;
  /** Above the cut, or at most the cut. */
  than(isAbove: boolean, cut: number): string;
}

/** Of 0 and 1. */
export function flag(yes: string, no: string): Words {
  const say = (is: boolean) => (is ? yes : no);
  return { of: (value) => say(value > 0.5), than: (isAbove) => say(isAbove) };
}

export function count(what: string): Words {
  return {
    of: (value) => `${what}: ${rounded(value)}`,
    than: (isAbove, cut) => `${what}: ${isAbove ? 'over' : 'at most'} ${rounded(cut)}`,
  };
}

/** Of a time since something, in minutes. */
export function ago(what: string): Words {
  return {
    of: (value) => `${what}: ${value >= minutesMax ? 'never' : `${duration(value)} ago`}`,
    than: (isAbove, cut) => `${what}: ${isAbove ? 'not ' : ''}in the last ${duration(cut)}`,
  };
}

export function share(what: string): Words {
  return {
    of: (value) => `${what}: ${percent(value)}`,
    than: (isAbove, cut) => `${what}: ${isAbove ? 'over' : 'at most'} ${percent(cut)}`,
  };
}

/** A month; what never was counts as so long ago. */
export const minutesMax = 43_200;

function duration(minutes: number): string {
  if (minutes < 1) return `${rounded(minutes * 60)} s`;
  if (minutes < 90) return `${Math.round(minutes)} min`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} days`;
}

const rounded = (value: number) => Number(value.toPrecision(2));
const percent = (value: number) => `${Number((value * 100).toPrecision(2))} %`;
