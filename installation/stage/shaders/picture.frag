#version 330 core
#include "srgb.glsl"
#include "noise.glsl"
#include "letters.glsl"
// The picture in its place on the canvas, in linear light: a film's grain, letters and figures over it, the curtain.
uniform sampler2D picture;
uniform sampler2D ink;  // sRGB codes multiplied by their alpha, as large as the canvas
uniform bool inked;
uniform vec4 part;      // of the picture: left, top, width, height, 0 to 1
uniform vec4 box;       // where it is on the canvas: left, top, width, height, pixels
uniform float grain;
uniform uint turn;
uniform float level;    // of the wall's brightness, which the picture has already
uniform float opening;  // of the curtain
out vec4 light;

// Catmull and Rom's spline along one axis: the weights of four neighbours.
vec4 spline(float x) {
    vec2 near = vec2(x, 1.0 - x);
    vec2 inner = near * near * (1.5 * near - 2.5) + 1.0;
    vec2 outer = near * (near * (1.0 - 0.5 * near) - 0.5);
    return vec4(outer.x, inner, outer.y);
}

vec3 sharp(vec2 place) {
    ivec2 last = textureSize(picture, 0) - 1;
    vec2 at = place * vec2(last + 1) - 0.5;
    vec2 corner = floor(at);
    vec4 across = spline(at.x - corner.x), down = spline(at.y - corner.y);
    vec3 sum = vec3(0.0), least = vec3(1e9), most = vec3(0.0);
    for (int row = 0; row < 4; row++) {
        for (int column = 0; column < 4; column++) {
            ivec2 texel = clamp(ivec2(corner) + ivec2(column - 1, row - 1), ivec2(0), last);
            vec3 one = texelFetch(picture, texel, 0).rgb;
            sum += one * across[column] * down[row];
            if (row % 3 != 0 && column % 3 != 0) {  // the four around the place
                least = min(least, one);
                most = max(most, one);
            }
        }
    }
    return clamp(sum, least, most);  // in light a spline's overshoot would be a visible ring
}

vec3 grainy(vec3 seen) {
    vec3 dice = uniforms(uvec2(gl_FragCoord.xy), turn, 3u);
    return seen + grain * (dice.x - dice.y) * seen * (1.0 - seen);  // never beyond 0 and 1: the mean stays what it was
}

void main() {
    vec3 seen = grainy(sharp(part.xy + (gl_FragCoord.xy - box.xy) / box.zw * part.zw));
    light = vec4((inked ? lettered(seen, ink, level) : seen) * opening, 1.0);
}
