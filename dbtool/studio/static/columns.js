/** The columns as people laid them out: order, hidden, pinned, widths. Pure. */

/**
 * @typedef {{order: string[], hidden: string[], pinned: string[], widths: Object<string, number>}} Layout
 * @typedef {{column: any, name: string, index: number, left: number, width: number, pinned: boolean}} Place
 *   a column as drawn; `index` is where its cells are in a row, `left` in pixels from the gutter
 */

const NARROWEST = 44;
const WIDEST = 900;
const WIDTHS = {
  boolean: 84, integer: 90, float: 110, decimal: 110, enum: 120, date: 116, time: 130, duration: 140,
  datetime: 252, uuid: 290, bytes: 190, json: 240, text: 210, other: 160,
};

/** Return the width that a column has until people choose one, in pixels. */
export function defaultWidth(column) {
  const kind = column.references ? 170 : (WIDTHS[column.kind] ?? WIDTHS.other);
  return clamp(Math.max(kind, 58 + 8 * column.name.length), NARROWEST, 320);
}

/** Return a layout that names every column of the table once and no other, whatever was remembered. */
export function complete(table, layout) {
  const names = table.columns.map((column) => column.name);
  const known = (list) => [...new Set(Array.isArray(list) ? list : [])].filter((name) => names.includes(name));
  const order = known(layout?.order);
  const widths = Object.create(null);
  for (const name of names) {
    const width = layout?.widths && Object.hasOwn(layout.widths, name) ? layout.widths[name] : null;
    if (Number.isFinite(width)) widths[name] = clamp(width, NARROWEST, WIDEST);
  }
  return { order: [...order, ...names.filter((name) => !order.includes(name))], hidden: known(layout?.hidden), pinned: known(layout?.pinned), widths };
}

/** Return the visible columns from left to right, the pinned ones first. */
export function places(table, layout) {
  const indexes = new Map(table.columns.map((column, index) => [column.name, index]));
  const hidden = new Set(layout.hidden);
  const pinned = new Set(layout.pinned);
  const shown = layout.order.filter((name) => !hidden.has(name));
  const sorted = [...shown.filter((name) => pinned.has(name)), ...shown.filter((name) => !pinned.has(name))];
  let left = 0;
  return sorted.map((name) => {
    const column = table.columns[indexes.get(name)];
    const place = { column, name, index: indexes.get(name), left, width: layout.widths[name] ?? defaultWidth(column), pinned: pinned.has(name) };
    left += place.width;
    return place;
  });
}

/** Return which places lie between two distances from the gutter, as [first, end). Pinned ones are not counted. */
export function between(list, from, to) {
  let first = list.findIndex((place) => !place.pinned && place.left + place.width > from);
  if (first < 0) first = list.length;
  let end = first;
  while (end < list.length && list[end].left < to) end += 1;
  return [first, end];
}

export function move(layout, name, before) {
  const rest = layout.order.filter((each) => each !== name);
  const at = before === null ? rest.length : rest.indexOf(before);
  return { ...layout, order: rest.toSpliced(at < 0 ? rest.length : at, 0, name) };
}

export function resize(layout, name, width) {
  const widths = Object.assign(Object.create(null), layout.widths);
  widths[name] = Math.round(clamp(width, NARROWEST, WIDEST));
  return { ...layout, widths };
}

export function hide(layout, name) {
  return { ...layout, hidden: [...without(layout.hidden, name), name] };
}

export function reveal(layout, name) {
  return { ...layout, hidden: without(layout.hidden, name) };
}

export function pin(layout, name) {
  return { ...layout, pinned: [...without(layout.pinned, name), name] };
}

export function unpin(layout, name) {
  return { ...layout, pinned: without(layout.pinned, name) };
}

/** One click sorts, the next turns it round, the third takes it away; with `add` beside the other columns. */
export function nextSort(sort, column, add = false) {
  const now = sort.find((each) => each.column === column);
  const others = add ? sort.filter((each) => each.column !== column) : [];
  if (!now) return [...others, { column, descending: false }];
  if (now.descending) return others;
  const turned = { column, descending: true };
  return add ? sort.map((each) => (each === now ? turned : each)) : [turned];
}

function without(list, name) {
  return list.filter((each) => each !== name);
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
