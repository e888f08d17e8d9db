/** Red, green and blue, each from 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number]

/** The contrast that text must have at least (WCAG 2.2, success criterion 1.4.3). */
export const TEXT_CONTRAST = 4.5

/** Reads a color of six hexadecimal digits, with or without `#`. The text must be one. */
export function colorOf(text: string): Color {
  const bits = Number.parseInt(text.replace('#', ''), 16)
  return [(bits >> 16) & 255, (bits >> 8) & 255, bits & 255]
}

/** Returns a color as style sheets write it. */
export const hexOf = (color: Color): string =>
  `#${color.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`

/** The contrast of two colors, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: Color, other: Color): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((left, right) => left - right)
  return (lighter + 0.05) / (darker + 0.05)
}

/**
 * Mixes as little as possible of another color into a color, so that it can be read on every ground.
 *
 * @param towards - black or white: whichever can be read on the grounds
 */
export function readable(color: Color, grounds: readonly Color[], towards: Color): Color {
  for (let percent = 0; percent < 100; percent += 1) {
    const mixed = mix(color, towards, percent / 100)
    if (grounds.every((ground) => contrast(mixed, ground) >= TEXT_CONTRAST)) return mixed
  }
  return towards
}

// What the style sheet says is rounded, and must hold after that.
const mix = (color: Color, other: Color, share: number): Color => {
  const part = (at: 0 | 1 | 2): number => Math.round(color[at] * (1 - share) + other[at] * share)
  return [part(0), part(1), part(2)]
}

function luminance([red, green, blue]: Color): number {
  const linear = (part: number): number => {
    const value = part / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}
