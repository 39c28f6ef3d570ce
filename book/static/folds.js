/* The theme lets the keyboard reach what scrolls, but it measures when the page is loaded or resized;
   what was folded away then is measured when it unfolds. */
{
  const measure = () => dispatchEvent(new Event("resize"));
  addEventListener("toggle", measure, true); // details; this event does not bubble
  addEventListener("click", (event) => event.target.closest(".admonition-title") && measure());
}
