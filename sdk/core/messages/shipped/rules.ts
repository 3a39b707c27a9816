/** Written by `npm run train:messages`, see test/training: the rules, exactly as they are signed. */
export const shippedRules =
  '{"format":"holdfast-message-rules","formatVersion":1,"version":1,"learnedFrom":"a test","features":["addressesMe","minutesSinceFromMe"],"bias":-2,"threshold":0.5,"trees":[[0,0.5,0.25,-1,3],[1,10,0.25,1,-0.5]]}';

/** Ed25519 over the bytes of `shippedRules`, base64url. */
export const shippedSignature =
  'pDFBSaPVfG9HgCNnaCtVQjWi2csnZUHNQBsQGx9RbsgmP-aYCAJk58jDUrQHhf9sJB5Xyffy2X5uRQtl-t3HAQ';

/** Its public key: rules that are loaded later are to be signed with the same. */
export const shippedKey = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: 'C42RXEtg-sv_uHQXv3zm6p_trgzdQY31RHjmG-pWNoI',
};
