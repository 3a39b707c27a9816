/**
 * How an address translation maps and filters (RFC 4787): `open` has none or a full cone, `restricted` lets in who
 * was written to by address, `portRestricted` by address and port, `symmetric` maps anew for everyone that is
 * written to, `closed` lets no UDP through at all.
 */
export type Nat = 'open' | 'restricted' | 'portRestricted' | 'symmetric' | 'closed';

/**
 * Whether two hosts can be linked without a relay. From behind a symmetric one nobody can say which port it will
 * come, so only who does not look at ports can let it in (Ford, Srisuresh and Kegel, USENIX 2005).
 */
export function canLink(a: Nat, b: Nat): boolean {
  if (a === 'closed' || b === 'closed') return false;
  if (a === 'symmetric') return b !== 'symmetric' && b !== 'portRestricted';
  if (b === 'symmetric') return a !== 'portRestricted';
  return true;
}
