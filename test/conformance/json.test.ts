// The strict JSON reader beside JSONTestSuite: everything invalid is refused, everything valid is read unless a rule of
// ours forbids it, and what RFC 8259 leaves open is settled here.

import { describe, expect, test } from 'vitest'
import { readStrictJson } from '../../src/domain/license/strict-json.ts'
import { NEEDS_VECTORS, readVectorFolder, VECTORS_ABSENT } from './public-vectors.ts'
import { ACCEPTED, expectVerdicts, named, type Verdicts } from './verdicts.ts'

const MAX_DEPTH = 16

const NOT_JSON = 'is not valid JSON'
const NOT_UTF8 = 'is not valid UTF-8'
const SAME_NAME = 'has the same name twice in one object'
const BOM = 'starts with a byte order mark'
const SURROGATE = 'has half of a surrogate pair in a text'
const TOO_LARGE = 'has a number that is too large'
const MINUS_ZERO = 'has a zero with a minus sign'
const TOO_DEEP = `is nested deeper than ${MAX_DEPTH} levels`

/** What is valid and yet refused, what is invalid in another way than the grammar's, and what RFC 8259 leaves open. */
const PARSING = named({
  [ACCEPTED]: `
    i_number_double_huge_neg_exp i_number_real_underflow i_number_too_big_neg_int i_number_too_big_pos_int
    i_number_very_big_negative_int`,
  [TOO_LARGE]: `
    i_number_huge_exp i_number_neg_int_huge_exp i_number_pos_double_huge_exp i_number_real_neg_overflow
    i_number_real_pos_overflow`,
  [SURROGATE]: `
    i_object_key_lone_2nd_surrogate i_string_1st_surrogate_but_2nd_missing
    i_string_1st_valid_surrogate_2nd_invalid i_string_incomplete_surrogate_and_escape_valid
    i_string_incomplete_surrogate_pair i_string_incomplete_surrogates_escape_valid
    i_string_invalid_lonely_surrogate i_string_invalid_surrogate i_string_inverted_surrogates_U+1D11E
    i_string_lone_second_surrogate`,
  [NOT_UTF8]: `
    i_string_UTF-16LE_with_BOM i_string_UTF-8_invalid_sequence i_string_UTF8_surrogate_U+D800
    i_string_invalid_utf-8 i_string_iso_latin_1 i_string_lone_utf8_continuation_byte
    i_string_not_in_unicode_range i_string_overlong_sequence_2_bytes i_string_overlong_sequence_6_bytes
    i_string_overlong_sequence_6_bytes_null i_string_truncated-utf-8 i_string_utf16BE_no_BOM
    i_string_utf16LE_no_BOM n_array_a_invalid_utf8 n_array_invalid_utf8 n_number_invalid-utf-8-in-bigger-int
    n_number_invalid-utf-8-in-exponent n_number_invalid-utf-8-in-int n_number_real_with_invalid_utf8_after_e
    n_object_lone_continuation_byte_in_key_and_trailing_comma n_string_invalid-utf-8-in-escape
    n_string_invalid_utf8_after_escape n_structure_incomplete_UTF8_BOM n_structure_lone-invalid-utf-8
    n_structure_single_eacute`,
  [TOO_DEEP]: 'i_structure_500_nested_arrays',
  [BOM]: 'i_structure_UTF-8_BOM_empty_object n_structure_UTF8_BOM_no_data',
  [MINUS_ZERO]: 'y_number_minus_zero y_number_negative_zero',
  [SAME_NAME]: 'y_object_duplicated_key y_object_duplicated_key_and_value',
})

/** What parsers are known to change in silence. Whoever needs a number exactly asks for a safe integer. */
const TRANSFORMING = named({
  [ACCEPTED]: `
    number_-9223372036854775808 number_-9223372036854775809 number_1.0 number_1.000000000000000005
    number_1000000000000000 number_10000000000000000999 number_1e-999 number_1e6 number_9223372036854775807
    number_9223372036854775808 object_key_nfc_nfd object_key_nfd_nfc string_with_escaped_NULL`,
  [SAME_NAME]: 'object_same_key_different_values object_same_key_same_value object_same_key_unclear_values',
  [SURROGATE]: `
    string_1_escaped_invalid_codepoint string_2_escaped_invalid_codepoints string_3_escaped_invalid_codepoints`,
  [NOT_UTF8]: 'string_1_invalid_codepoint string_2_invalid_codepoints string_3_invalid_codepoints',
})

/** Of the files in PARSING's folder: valid, invalid, left open. */
const COUNTS = { y: 95, n: 188, i: 35 }

describe.skipIf(VECTORS_ABSENT)(`JSONTestSuite ${NEEDS_VECTORS}`, () => {
  test('valid, invalid and open texts', (context) => {
    const actual = readFolder('JSONTestSuite/test_parsing')
    const names = [...actual.keys()]
    const expected = new Map(names.map((name) => [name, name.startsWith('y_') ? ACCEPTED : NOT_JSON]))
    expectVerdicts(context, 'JSONTestSuite parsing', actual, new Map([...expected, ...PARSING]))
    const open = [...PARSING.keys()].filter((name) => name.startsWith('i_'))
    expect(open.toSorted()).toEqual(names.filter((name) => name.startsWith('i_')).toSorted())
    const count = (kind: string) => names.filter((name) => name.startsWith(`${kind}_`)).length
    expect({ y: count('y'), n: count('n'), i: count('i') }).toEqual(COUNTS)
  })

  test('texts that parsers change', (context) => {
    expectVerdicts(context, 'JSONTestSuite transforming', readFolder('JSONTestSuite/test_transform'), TRANSFORMING)
  })
})

function readFolder(path: string): Verdicts {
  const files = readVectorFolder(path)
  return new Map(
    files.map(({ name, bytes }) => {
      const json = readStrictJson(bytes, MAX_DEPTH)
      return [name.replace('.json', ''), 'problem' in json ? json.problem : ACCEPTED]
    }),
  )
}
