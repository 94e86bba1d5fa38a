/** Without a `glyphs` address MapLibre draws every label with the fonts of the device. */
export const FONT = ['Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', 'sans-serif']
/** The weight is read from the first name; no font is called so, and the next one serves. */
export const FONT_BOLD = ['Bold', ...FONT]

export const NOTHING: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }
