// SPDX-License-Identifier: BSD-2-Clause
// The pages' cryptography against RFC 9180's own vectors, in node and in Chromium alike.

/** Throws at the first difference; `hpke` and `bytes` are the modules, `vectors` the file. */
export async function runVectors(hpke, bytes, { vectors }) {
  const { fromHex, hex } = bytes;
  const expect = (what, got, wanted) => {
    if (hex(got) !== wanted) throw new Error(`${what}: ${hex(got)} instead of ${wanted}`);
  };
  let compared = 0;
  for (const v of vectors) {
    for (const side of ["E", "R"]) {
      if (!v[`ikm${side}`]) continue;
      expect(`sk${side}`, await hpke.deriveScalar(fromHex(v[`ikm${side}`])), v[`sk${side}m`]);
      compared++;
    }
    const receiver = fromHex(v.pkRm), info = fromHex(v.info), aad = fromHex(v.aad);
    const privateKey = await hpke.importPrivate(fromHex(v.skRm), receiver);
    const text = await hpke.open(
      privateKey, receiver, fromHex(v.pkEm), info, aad, fromHex(v.ct), v.aead_id);
    expect("opened", text, v.pt);
    const ephemeral = {
      privateKey: await hpke.importPrivate(fromHex(v.skEm), fromHex(v.pkEm)),
      publicKey: await globalThis.crypto.subtle.importKey("raw", fromHex(v.pkEm),
        { name: "ECDH", namedCurve: "P-256" }, true, []),
    };
    const { enc, sealed } =
      await hpke.seal(receiver, info, aad, fromHex(v.pt), ephemeral, v.aead_id);
    expect("enc", enc, v.pkEm);
    expect("sealed", sealed, v.ct);
    compared += 3;
    // One bit anywhere, and nothing opens.
    for (const wrong of [sealed, enc]) {
      const broken = wrong.slice();
      broken[broken.length - 1] ^= 1;
      const opened = await hpke.open(privateKey, receiver, wrong === enc ? broken : enc, info, aad,
        wrong === sealed ? broken : sealed, v.aead_id).then(() => true, () => false);
      if (opened) throw new Error("opened what was changed");
      compared++;
    }
  }
  const mixed = await hpke.importPrivate(fromHex(vectors[0].skRm), fromHex(vectors[1].pkRm))
    .then(() => true, () => false);
  if (mixed) throw new Error("took halves of two key pairs");
  return compared + 1;
}
