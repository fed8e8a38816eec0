#version 330 core
// Letters and figures: sRGB codes multiplied by their alpha. Between two pixels they glide.
uniform sampler2D pixels;
uniform float opacity;
in vec2 place;
out vec4 ink;

void main() {
    ink = texture(pixels, place) * opacity;
}
