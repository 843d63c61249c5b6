// Opened from a stick, a browser won't let the search fetch excerpts of other pages; it still lists where words stand.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
