"""Readability of a page in a browser: its contrast and its width."""

# The text with the lowest contrast: this contrast, its class and its beginning. The argument selects the elements.
CONTRAST = """
texts => {
  const numbers = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const opaque = (top, below) => {
    const [a, alpha] = [numbers(top), numbers(top).length > 3 ? numbers(top)[3] : 1];
    return below.map((value, i) => alpha * a[i] + (1 - alpha) * value);
  };
  const background = element => element
    ? opaque(getComputedStyle(element).backgroundColor, background(element.parentElement)) : [255, 255, 255];
  const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const weights = [0.2126, 0.7152, 0.0722];
  const luminance = rgb => rgb.reduce((sum, c, i) => sum + linear(c / 255) * weights[i], 0);
  const found = [...document.querySelectorAll(texts)]
    .filter(each => each.checkVisibility({opacityProperty: true})
      && [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
    .map(each => {
      const paper = background(each);
      const ink = getComputedStyle(each)[each instanceof SVGElement ? "fill" : "color"];
      const [dark, light] = [opaque(ink, paper), paper].map(luminance).sort((a, b) => a - b);
      return [(light + 0.05) / (dark + 0.05), each.getAttribute("class"), each.textContent.slice(0, 40)];
    });
  return found.reduce((a, b) => a[0] < b[0] ? a : b);
}
"""


def assert_readable(page, width, texts):
    """WCAG 2.2 (1.4.3) requires a contrast of 4.5 for text. `texts` selects the elements with text; `width`: pixels."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    contrast, *where = page.evaluate(CONTRAST, texts)
    assert contrast >= 4.5, where
