const float DARK = 1e-3;  // a level of brightness below this is black

// Letters and figures (codes multiplied by their alpha) over light. They are laid over codes, as their designers meant
// them, before the wall's brightness, which seen has already, is taken off; so they take it with them.
vec3 lettered(vec3 seen, sampler2D ink, float level) {
    vec4 over = texelFetch(ink, ivec2(gl_FragCoord.xy), 0);
    float shine = max(level, DARK);
    return decoded(over.rgb + encoded(seen / shine) * (1.0 - over.a)) * (level < DARK ? 0.0 : shine);
}
