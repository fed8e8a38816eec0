#version 330 core
#include "srgb.glsl"
#include "noise.glsl"
// Every pixel is a particle that wanders and takes the colour of the place where it is; walls reflect. As "gather" of
// burns/brownian.py.
uniform sampler2D codes;
uniform float width;  // pixels, of one step along each axis
uniform float level;
uniform uint turn;
uniform float share;
out vec4 light;

void main() {
    vec2 side = vec2(textureSize(codes, 0));
    vec2 at = gl_FragCoord.xy + width * seething(uvec2(gl_FragCoord.xy), turn, share, 2u);
    vec2 folded = side - abs(side - mod(at, 2.0 * side));
    vec3 found = texelFetch(codes, ivec2(min(folded, side - 1.0)), 0).rgb;
    light = vec4(decoded(found * 0.5 + 0.5) * level, 1.0);
}
