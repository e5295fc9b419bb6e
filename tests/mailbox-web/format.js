// SPDX-License-Identifier: BSD-2-Clause
// The pages against tests/mailbox/vectors.json, which the daemon's side writes (tests/mailbox/vectors.c)
// and test_crypto holds it to: one file for both. In node and in Chromium alike.

/** Throws at the first difference; the modules of the pages, and the file. */
export async function runFormat({ bytes, hpke, sealed, link }, vectors) {
  const { base64url, fromBase64url, same } = bytes;
  let compared = 0;
  const expect = (what, got, wanted) => {
    const text = typeof got === "string" ? got : base64url(got);
    if (text !== wanted) throw new Error(`${what}: ${text} instead of ${wanted}`);
    compared++;
  };
  const refuses = async (what, trying) => {
    if (await trying().then(() => true, () => false)) throw new Error(`${what} was taken`);
    compared++;
  };
  const pair = async ({ private: scalar, public: point }) => ({
    publicKey: fromBase64url(point),
    privateKey: await hpke.importPrivate(fromBase64url(scalar), fromBase64url(point)),
  });

  for (const { secret, code } of vectors.codes) {
    expect("code", link.readCode(code), secret);
    expect("code in small letters", link.readCode(code.toLowerCase()), secret);
  }
  const known = vectors.link;
  expect("link id", await sealed.linkId(fromBase64url(known.secret)), known.id);
  expect("link scalar", await hpke.deriveScalar(fromBase64url(known.ikm)), known.private);
  const own = await sealed.linkPair(fromBase64url(known.secret), known.public);
  expect("link point", own.publicKey, known.public);

  const { auth, wrap } = await sealed.passwordKeys(fromBase64url(vectors.password.s));
  expect("auth", auth, vectors.password.auth);
  expect("wrap", wrap, vectors.password.wrap);
  const w = vectors.wrapped, wrapped = fromBase64url(w.wrapped);
  expect("private key", await sealed.unwrapScalar(fromBase64url(w.wrap), w.mailbox,
    fromBase64url(w.public), wrapped), w.private);
  wrapped[20] ^= 1;
  await refuses("a changed private key", () => sealed.unwrapScalar(fromBase64url(w.wrap), w.mailbox,
    fromBase64url(w.public), wrapped));

  for (const v of vectors.sealed_keys) {
    const whose = await pair(v);
    expect(v.kind, await sealed.openKey(whose, v.mailbox, v.object, v.kind, v.sealed), v.k);
    await refuses(`${v.kind} for another`, () =>
      sealed.openKey(whose, v.object, v.mailbox, v.kind, v.sealed));
  }
  for (const v of vectors.parts) {
    const part = new sealed.Part(fromBase64url(v.k), v.mailbox, v.object, v.kind);
    const plain = Uint8Array.from({ length: v.length }, (_, at) => at & 255);
    const made = await sealed.sealPart(part, plain);
    const hash = await globalThis.crypto.subtle.digest("SHA-256", made);
    expect(`${v.kind} of ${v.length}`, new Uint8Array(hash), v.sha256);
    if (v.sealed) expect(`${v.kind} of ${v.length}`, made, v.sealed);
    if (sealed.sealedSize(v.length) !== made.length) throw new Error(`size of ${v.length}`);
    if (!same(await sealed.openPart(part, made), plain)) throw new Error(`${v.kind} opens otherwise`);
    await refuses(`${v.kind} cut short`, () => sealed.openPart(part, made.slice(0, -1)));
    compared += 2;
  }
  return compared;
}
