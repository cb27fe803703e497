export { bodyIn, changeFields, integerIn, listIn, pairIn, textIn } from './change-fields.ts'
export { ConfigFolder } from './config-folder.ts'
export { type KeptFolder, KeptState } from './kept-state.ts'
export { tableFilePieces } from './table-file.ts'
