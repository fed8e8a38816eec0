#version 330 core
#include "srgb.glsl"
#include "noise.glsl"
// White noise, variance preserving: cos(phi) x + sin(phi) eps (Ho et al. 2020), as burns/gaussian.py.
uniform sampler2D codes;
uniform float phi;
uniform float level;
uniform uint turn;
uniform float share;
out vec4 light;

void main() {
    uvec2 pixel = uvec2(gl_FragCoord.xy);
    vec3 noise = vec3(seething(pixel, turn, share, 0u), seething(pixel, turn, share, 1u).x);
    vec3 burnt = cos(phi) * texelFetch(codes, ivec2(pixel), 0).rgb + sin(phi) * noise;
    light = vec4(decoded(burnt * 0.5 + 0.5) * level, 1.0);
}
