/** Some fields of a SEND_MESSAGE_V2 as they are on the wire. */
export const sendFields = {
  a: 'group',
  b: 'Topic',
  e: '3',
  g: '1764000000000',
  i: 'UNIQ_KEY\u00017F0001\u0002WAIT\u0001true\u0002',
  m: 'false',
}
