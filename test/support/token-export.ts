// An attempt to take a private key out of a token, by the calls of PKCS#11 that export one: no command line tool makes them for RSA keys.
// It needs Python, which can call a library of C.

import { spawnSync } from 'node:child_process';

/** Of CK_RV, the results of PKCS#11. */
const RESULTS: Record<number, string> = {
  0: 'CKR_OK',
  16: 'CKR_ATTRIBUTE_READ_ONLY',
  17: 'CKR_ATTRIBUTE_SENSITIVE',
  106: 'CKR_KEY_UNEXTRACTABLE',
};

/** Prints the results of reading the private exponent, of making the key extractable, and of wrapping it with an AES key. */
const PROGRAM = `
import os, sys
from ctypes import *
lib, ULONG = CDLL(sys.argv[1]), c_ulong
class Attribute(Structure): _fields_ = [('type', ULONG), ('value', c_void_p), ('length', ULONG)]
class Mechanism(Structure): _fields_ = [('mechanism', ULONG), ('parameter', c_void_p), ('length', ULONG)]
CKA_CLASS, CKA_ID, CKA_PRIVATE_EXPONENT, CKA_EXTRACTABLE, CKM_AES_KEY_WRAP_PAD = 0, 0x102, 0x123, 0x162, 0x210A
CKO_PRIVATE_KEY, CKO_SECRET_KEY = 3, 4
def attribute(type, value): return Attribute(type, cast(c_char_p(value), c_void_p), len(value))
def must(result):
    if result != 0: sys.exit('PKCS#11 answered ' + hex(result))
must(lib.C_Initialize(None))
slots, count, session = (ULONG * 9)(), ULONG(9), ULONG()
must(lib.C_GetSlotList(1, slots, byref(count)))
must(lib.C_OpenSession(slots[0], ULONG(6), None, None, byref(session)))
pin = os.environ['PKCS11_PIN'].encode()
must(lib.C_Login(session, ULONG(1), pin, ULONG(len(pin))))
def find(kind, id):
    template = (Attribute * 2)(attribute(CKA_CLASS, bytes(ULONG(kind))), attribute(CKA_ID, bytes.fromhex(id)))
    found, count = ULONG(), ULONG()
    must(lib.C_FindObjectsInit(session, template, ULONG(2)))
    must(lib.C_FindObjects(session, byref(found), ULONG(1), byref(count)))
    must(lib.C_FindObjectsFinal(session))
    return found if count.value == 1 else sys.exit('no object ' + id)
key, wrapper = find(CKO_PRIVATE_KEY, sys.argv[2]), find(CKO_SECRET_KEY, sys.argv[3])
exponent = (Attribute * 1)(Attribute(CKA_PRIVATE_EXPONENT, None, 0))
print(lib.C_GetAttributeValue(session, key, exponent, ULONG(1)))
print(lib.C_SetAttributeValue(session, key, (Attribute * 1)(attribute(CKA_EXTRACTABLE, b'\\1')), ULONG(1)))
print(lib.C_WrapKey(session, byref(Mechanism(CKM_AES_KEY_WRAP_PAD, None, 0)), wrapper, key, None, byref(ULONG())))
`;

/**
 * Tries to export a private key, in all ways there are.
 *
 * @param id of the key, and of an AES key in the same token, in hexadecimal
 * @returns the results of reading it, of making it extractable, and of wrapping it
 */
export const tryToExport = (module: string, id: string, wrapper: string): string[] => {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', PROGRAM, module, id, wrapper], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The attempt to export the key did not run: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map(result => RESULTS[Number(result)] ?? `0x${Number(result).toString(16)}`);
};
