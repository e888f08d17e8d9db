import { colorOf, hexOf, readable } from '../util/contrast.ts'

/** What stands behind text in the operator's color, and what is mixed into it until it can be read there. */
const LIGHT = { grounds: ['#ffffff', '#f4f5f7', '#eceef2'], towards: '#000000' }
const DARK = { grounds: ['#0f1115', '#181b21', '#262a32'], towards: '#ffffff' }

/** Returns the operator's color as it can be read, in light and in dark. */
export function brandColors(color: string): { readonly light: string; readonly dark: string } {
  const on = ({ grounds, towards }: typeof LIGHT): string =>
    hexOf(readable(colorOf(color), grounds.map(colorOf), colorOf(towards)))
  return { light: on(LIGHT), dark: on(DARK) }
}
